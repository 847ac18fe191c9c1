// The bus of a run with bus faults: messages are lost, doubled, delayed and reordered by seed. It ends with its process. After healing it
// delivers everything at once.
import type { Bus, BusMessage, BusStats } from "@verbatim/server/parts";
import type { Chance } from "./chance.ts";
import type { Machine } from "./machine.ts";

export interface BusOptions {
	/** Of messages that are lost, come twice, and come late; and how late at most, ms. */
	readonly lost: number;
	readonly twice: number;
	readonly late: number;
	readonly lateMs: number;
}

export function busOptionsOf(chance: Chance): BusOptions | undefined {
	if (!chance.hit(0.3)) return undefined;
	return {
		lost: chance.hit(0.6) ? chance.pick([0.05, 0.3]) : 0,
		twice: chance.hit(0.5) ? chance.pick([0.1, 0.5]) : 0,
		late: chance.hit(0.7) ? chance.pick([0.1, 0.5]) : 0,
		lateMs: chance.pick([3, 30, 400]),
	};
}

export class SimBus implements Bus {
	readonly lossy = true;
	readonly working = true;
	private readonly options: BusOptions;
	private readonly chance: Chance;
	private readonly machine: Machine;
	private readonly isHealed: () => boolean;
	private receive: ((message: BusMessage) => void) | undefined;
	private held = 0;

	constructor(options: BusOptions, chance: Chance, machine: Machine, isHealed: () => boolean) {
		this.options = options;
		this.chance = chance;
		this.machine = machine;
		this.isHealed = isHealed;
	}

	publish(message: BusMessage): void {
		const { options, chance } = this;
		if (this.isHealed()) {
			this.receive?.(message);
			return;
		}
		if (chance.hit(options.lost)) return;
		if (chance.hit(options.late)) this.bringLater(message);
		else this.receive?.(message);
		if (chance.hit(options.twice)) this.bringLater(message);
	}

	listen(receive: (message: BusMessage) => void): void {
		this.receive = receive;
	}

	followRoom(): void {}
	unfollowRoom(): void {}
	followUser(): void {}
	unfollowUser(): void {}

	stats(): BusStats {
		return { held: this.held, heldBytes: 0, dropped: 0 };
	}

	close(): void {
		this.receive = undefined;
	}

	private bringLater(message: BusMessage): void {
		this.held++;
		this.machine.after(this.options.lateMs * this.chance.float(), () => {
			this.held--;
			this.receive?.(message);
		});
	}
}
