/** The pattern of a text for people: anything but control characters, which neither a database nor a log takes well. */
export const PRINTABLE = String.raw`^[^\u0000-\u001F\u007F-\u009F]*$`;

/** The same for longer texts, which may have lines. */
export const PRINTABLE_LINES = String.raw`^[^\u0000-\u0009\u000B-\u001F\u007F-\u009F]*$`;
