// Settings of servers under test.

/** Lifts rate limits, for tests of something else. */
export const ROOMY: readonly string[] = [
	"--limits.sendsPerSecond=1000000",
	"--limits.sendsBurst=1000000",
	"--limits.asksPerSecond=10000",
	"--limits.asksBurst=10000",
	"--limits.readBytesPerSecond=1GiB",
	"--limits.readBytesBurst=1GiB",
	"--limits.connectionsPerAddress=10000",
	"--limits.opensPerAddressPerSecond=10000",
	"--limits.opensPerAddressBurst=10000",
	"--limits.loginsPerMinute=100000",
	"--limits.refusalsPerSecond=1000000",
	"--limits.refusalsBurst=1000000",
	"--limits.unauthenticatedRefusalsPerAddressPerSecond=1000000",
	"--limits.unauthenticatedRefusalsPerAddressBurst=1000000",
	"--log.level=warn",
];
