/** The server's warnings in English. */

export default {
  "warnings.title": { one: "{count} warning of the server", other: "{count} warnings of the server" },
};
