/**
 * The pattern of a text for people: anything but control characters, which neither a database nor a log takes well, and halves of
 * surrogate pairs, which JSON can carry and Postgres's JSON refuses. (Ajv reads patterns by code point: an emoji is none.)
 */
export const PRINTABLE = String.raw`^[^\u0000-\u001F\u007F-\u009F\uD800-\uDFFF]*$`;

/** The same for longer texts, which may have lines. */
export const PRINTABLE_LINES = String.raw`^[^\u0000-\u0009\u000B-\u001F\u007F-\u009F\uD800-\uDFFF]*$`;
