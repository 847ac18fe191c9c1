/** A name server for A records (RFC 1035 section 4), one question each. */
export async function startDns(hosts: Record<string, string>): Promise<{ readonly port: number; stop(): void }> {
	const socket = await Bun.udpSocket({
		hostname: "127.0.0.1",
		socket: {
			data(socket, query, port, address) {
				const labels: string[] = [];
				let at = 12;
				for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
					labels.push(query.subarray(at + 1, at + 1 + length).toString());
					at += length + 1;
				}
				const question = query.subarray(12, at + 5);
				const found = query.readUInt16BE(at + 1) === 1 ? hosts[labels.join(".").toLowerCase()] : undefined;
				const header = Buffer.from(query.subarray(0, 12));
				header.writeUInt16BE(0x8180, 2);
				header.writeUInt16BE(found === undefined ? 0 : 1, 6);
				header.writeUInt16BE(0, 8);
				header.writeUInt16BE(0, 10);
				const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...(found ?? "").split(".").map(Number)]);
				socket.send(Buffer.concat(found === undefined ? [header, question] : [header, question, answer]), port, address);
			},
		},
	});
	return { port: socket.port, stop: () => socket.close() };
}
