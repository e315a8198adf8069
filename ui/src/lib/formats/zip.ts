import { startsWith, viewOf, wholeNumber, type ReadRange } from './bytes';
import { Fault } from './fault';

export interface ZipEntry {
	path: string;
	bytes: number;
	packedBytes: number;
	/** 0 stored, 8 deflated. */
	method: number;
	/** Where its local head begins. */
	offset: number;
	isFolder: boolean;
}

/** The end of the directory stands in the last 22 bytes and a comment of at most 65,535. */
const END_MAX_BYTES = 22 + 65_535;
/** A directory of more bytes is not listed. */
const DIRECTORY_MAX_BYTES = 8 * 1024 * 1024;
const [END, END_64, LOCATOR_64, ENTRY] = [0x06054b50, 0x06064b50, 0x07064b50, 0x02014b50];

/** Whether a file begins as a ZIP archive does, an empty one included. */
export function isZip(beginning: Uint8Array): boolean {
	return startsWith(beginning, [0x50, 0x4b, 3, 4]) || startsWith(beginning, [0x50, 0x4b, 5, 6]);
}

/** Lists a ZIP archive by its directory, which stands at its end (APPNOTE 6.3.10, sections 4.3.6 to 4.3.16). */
export async function listZip(read: ReadRange, fileSize: number): Promise<ZipEntry[]> {
	const tailStart = Math.max(0, fileSize - END_MAX_BYTES);
	const tail = await read(tailStart, fileSize - tailStart);
	const directory = await directoryPlace(tail, read);
	if (directory.bytes > DIRECTORY_MAX_BYTES) throw new Fault('header_too_large');
	if (directory.offset + directory.bytes > fileSize) throw new Fault('truncated');
	return entriesOf(await read(directory.offset, directory.bytes), directory.entries);
}

interface Place {
	offset: number;
	bytes: number;
	entries: number;
}

async function directoryPlace(tail: Uint8Array, read: ReadRange): Promise<Place> {
	const view = viewOf(tail);
	let end = tail.length - 22;
	while (end >= 0 && view.getUint32(end, true) !== END) end -= 1;
	if (end < 0) throw new Fault('not_this_format');
	const place = {
		entries: view.getUint16(end + 10, true),
		bytes: view.getUint32(end + 12, true),
		offset: view.getUint32(end + 16, true)
	};
	const isLarge = place.entries === 0xffff || place.bytes === 0xffffffff || place.offset === 0xffffffff;
	const locator = end - 20;
	if (!isLarge || locator < 0 || view.getUint32(locator, true) !== LOCATOR_64) return place;
	const record = await read(wholeNumber(view.getBigUint64(locator + 8, true)), 56);
	if (record.length < 56 || viewOf(record).getUint32(0, true) !== END_64) throw new Fault('header_broken');
	return {
		entries: wholeNumber(viewOf(record).getBigUint64(32, true)),
		bytes: wholeNumber(viewOf(record).getBigUint64(40, true)),
		offset: wholeNumber(viewOf(record).getBigUint64(48, true))
	};
}

function entriesOf(directory: Uint8Array, count: number): ZipEntry[] {
	const view = viewOf(directory);
	const entries: ZipEntry[] = [];
	let place = 0;
	while (entries.length < count && place + 46 <= directory.length) {
		if (view.getUint32(place, true) !== ENTRY) throw new Fault('header_broken');
		const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(place + field, true)) as [
			number,
			number,
			number
		];
		const end = place + 46 + name + extra + comment;
		if (end > directory.length) throw new Fault('truncated');
		const isUtf8 = (view.getUint16(place + 8, true) & 0x800) !== 0;
		const path = nameOf(directory.subarray(place + 46, place + 46 + name), isUtf8);
		const large = largeFields(view, place, place + 46 + name, extra);
		entries.push({ path, method: view.getUint16(place + 10, true), isFolder: path.endsWith('/'), ...large });
		place = end;
	}
	return entries;
}

function nameOf(bytes: Uint8Array, isUtf8: boolean): string {
	if (isUtf8) return new TextDecoder().decode(bytes);
	try {
		return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
	} catch {
		return new TextDecoder('gb18030').decode(bytes);
	}
}

/** Sizes and offset, from the extra field of ZIP64 where the usual fields are full. */
function largeFields(view: DataView, place: number, extraStart: number, extraLength: number) {
	const fields = { bytes: 24, packedBytes: 20, offset: 42 };
	let large = -1;
	for (let at = extraStart; at + 4 <= extraStart + extraLength; at += 4 + view.getUint16(at + 2, true)) {
		if (view.getUint16(at, true) === 1) large = at + 4;
	}
	const take = (field: number): number => {
		const value = view.getUint32(place + field, true);
		if (value !== 0xffffffff || large < 0 || large + 8 > view.byteLength) return value;
		large += 8;
		return wholeNumber(view.getBigUint64(large - 8, true));
	};
	// The extra field has them in this order.
	const bytes = take(fields.bytes);
	const packedBytes = take(fields.packedBytes);
	return { bytes, packedBytes, offset: take(fields.offset) };
}

/** The first bytes of an entry's content, at most `length`; nothing when it is packed in a way that browsers lack. */
export async function beginningOf(
	entry: ZipEntry,
	length: number,
	read: ReadRange
): Promise<Uint8Array | undefined> {
	const head = await read(entry.offset, 30);
	if (head.length < 30 || !startsWith(head, [0x50, 0x4b, 3, 4])) throw new Fault('header_broken');
	const start = entry.offset + 30 + viewOf(head).getUint16(26, true) + viewOf(head).getUint16(28, true);
	const packed = await read(start, Math.min(entry.packedBytes, length));
	if (entry.method === 0) return packed;
	return entry.method === 8 ? inflated(packed, length) : undefined;
}

/** As much as can be unpacked from the beginning of deflated bytes, at most `length`. */
async function inflated(packed: Uint8Array, length: number): Promise<Uint8Array> {
	const stream = new DecompressionStream('deflate-raw');
	const writer = stream.writable.getWriter();
	// The input is cut off, which the stream reports after it has given what it could.
	writer.write(packed as BufferSource).catch(() => undefined);
	writer.close().catch(() => undefined);
	const reader = stream.readable.getReader();
	const parts: number[] = [];
	try {
		while (parts.length < length) {
			const { done, value } = await reader.read();
			if (done) break;
			for (const byte of value.subarray(0, length - parts.length)) parts.push(byte);
		}
	} catch {
		// Cut off.
	}
	reader.cancel().catch(() => undefined);
	return Uint8Array.from(parts);
}
