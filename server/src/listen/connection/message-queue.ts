// Messages of a WebSocket that were read from the socket and wait: in order, and bounded by whoever holds them.

export type Message = string | Uint8Array;

export class MessageQueue {
	private readonly messages: Array<Message | undefined> = [];
	private first = 0;
	/** Of all of them, about: characters of texts count as one. */
	bytes = 0;

	get count(): number {
		return this.messages.length - this.first;
	}

	push(message: Message): void {
		this.messages.push(message);
		this.bytes += message.length;
	}

	/** The oldest, which is held no longer. */
	shift(): Message | undefined {
		const message = this.messages[this.first];
		if (message === undefined) return undefined;
		this.messages[this.first++] = undefined;
		this.bytes -= message.length;
		return message;
	}
}
