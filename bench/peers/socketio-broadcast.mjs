// Socket.IO on Node, as its documentation shows a broadcast: `io.emit`. WebSocket only, as it advises where long polling is not needed.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false });
io.on("connection", (socket) => socket.on("say", (text) => io.emit("say", text)));
http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => console.log(`listening on ${http.address().port}`));
