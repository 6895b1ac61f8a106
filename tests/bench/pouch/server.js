// A CouchDB-like server over LevelDB: node server.js FOLDER. Says its port when it listens.
const express = require("express");
const PouchDB = require("pouchdb").defaults({ prefix: process.argv[2] + "/" });

const app = express();
app.use("/", require("express-pouchdb")(PouchDB, {
  mode: "minimumForPouchDB",
  inMemoryConfig: true,
  logPath: process.argv[2] + "/log.txt",
}));
const listening = app.listen(0, "127.0.0.1", () => console.log(listening.address().port));
