/** The pattern of a text for people: anything but control characters, which neither a database nor a log takes well. */
export const PRINTABLE = String.raw`^[^\u0000-\u001F\u007F-\u009F]*$`;
