// Puts documents into the server's database: node load.js URL FILE (JSON, one document a line).
const fs = require("fs");
const PouchDB = require("pouchdb");

const ROWS = 500;

(async () => {
  const docs = fs.readFileSync(process.argv[3], "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
  const db = new PouchDB(process.argv[2]);
  for (let at = 0; at < docs.length; at += ROWS) await db.bulkDocs(docs.slice(at, at + ROWS));
  console.log((await db.info()).doc_count);
})();
