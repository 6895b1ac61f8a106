// A fresh replica reads everything: node replica.js URL FOLDER BATCH. Says how much, how long, how many bytes.
const http = require("http");
const PouchDB = require("pouchdb");

let bytes = 0;
const emit = http.ClientRequest.prototype.emit;
http.ClientRequest.prototype.emit = function (name, response) {
  if (name === "response") {
    const socket = response.socket;
    const before = socket.seen || 0;
    response.once("end", () => { bytes += socket.bytesRead - before; socket.seen = socket.bytesRead; });
  }
  return emit.apply(this, arguments);
};

(async () => {
  const db = new PouchDB(process.argv[3] + "/replica");
  const began = process.hrtime.bigint();
  await PouchDB.replicate(process.argv[2], db, { batch_size: Number(process.argv[4]), batches_limit: 5 });
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  console.log(JSON.stringify({ documents: (await db.info()).doc_count, seconds, bytes }));
  process.exit(0);
})();
