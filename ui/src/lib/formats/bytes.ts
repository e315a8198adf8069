import { Fault } from './fault';

/** Reads a range of a file: at most `length` bytes from `start` on, fewer at its end. */
export type ReadRange = (start: number, length: number) => Promise<Uint8Array>;

/** A view of bytes for reading numbers. */
export function viewOf(bytes: Uint8Array): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Whether bytes begin with these. */
export function startsWith(bytes: Uint8Array, signature: readonly number[] | string): boolean {
	const wanted =
		typeof signature === 'string' ? [...signature].map((letter) => letter.charCodeAt(0)) : signature;
	return bytes.length >= wanted.length && wanted.every((byte, place) => bytes[place] === byte);
}

/** An unsigned 64-bit number of a format; numbers beyond what files can have are a fault. */
export function wholeNumber(value: bigint): number {
	if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Fault('header_broken');
	return Number(value);
}
