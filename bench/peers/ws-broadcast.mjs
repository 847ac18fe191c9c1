// `ws` on Node, as its README shows a broadcast: every message goes to every client that is open. No compression (the default).
import { WebSocket, WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 4096, perMessageDeflate: false });
server.on("connection", (socket) => {
	socket.on("error", () => socket.terminate());
	socket.on("message", (data, isBinary) => {
		for (const client of server.clients) if (client.readyState === WebSocket.OPEN) client.send(data, { binary: isBinary });
	});
});
server.on("listening", () => console.log(`listening on ${server.address().port}`));
