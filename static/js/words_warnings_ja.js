/** The server's warnings in Japanese. */

export default {
  "warnings.title": "サーバーの警告 {count} 件",
};
