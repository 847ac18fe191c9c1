// Messages of a WebSocket that were read and wait for a later turn, in order. The caller bounds it.

export type Message = string | Uint8Array;

export class MessageQueue {
	private readonly messages: Array<Message | undefined> = [];
	private first = 0;
	/** About the size of all: each character of a text counts as one. */
	bytes = 0;

	get count(): number {
		return this.messages.length - this.first;
	}

	push(message: Message): void {
		this.messages.push(message);
		this.bytes += message.length;
	}

	/** Removes and returns the oldest. */
	shift(): Message | undefined {
		const message = this.messages[this.first];
		if (message === undefined) return undefined;
		this.messages[this.first++] = undefined;
		this.bytes -= message.length;
		return message;
	}
}
