import { viewOf, wholeNumber, type ReadRange } from './bytes';
import { Fault } from './fault';

/** The largest header that the format allows, in bytes. */
export const HEADER_MAX_BYTES = 100 * 1024 * 1024;

/** Bits of one number of a type. */
const BITS: Record<string, number> = {
	BOOL: 8,
	F4: 4,
	F6_E2M3: 6,
	F6_E3M2: 6,
	U8: 8,
	I8: 8,
	F8_E5M2: 8,
	F8_E4M3: 8,
	F8_E8M0: 8,
	I16: 16,
	U16: 16,
	F16: 16,
	BF16: 16,
	I32: 32,
	U32: 32,
	F32: 32,
	F64: 64,
	I64: 64,
	U64: 64,
	C64: 64
};

export interface Tensor {
	name: string;
	dtype: string;
	shape: number[];
	/** Numbers in it. */
	parameters: number;
	/** Bytes that it takes in the file. */
	bytes: number;
}

export interface TypeTotal {
	dtype: string;
	tensors: number;
	parameters: number;
	bytes: number;
}

export interface Safetensors {
	headerBytes: number;
	tensors: Tensor[];
	totals: TypeTotal[];
	parameters: number;
	metadata: [name: string, value: string][];
}

interface Entry {
	dtype: string;
	shape: number[];
	data_offsets: [number, number];
}

/** Reads the header of a safetensors file: 8 bytes with its length, then that much JSON. Nothing else is fetched. */
export async function readSafetensors(read: ReadRange, fileSize: number): Promise<Safetensors> {
	if (fileSize < 8) throw new Fault('truncated');
	const length = headerLength(await read(0, 8), fileSize);
	const bytes = await read(8, length);
	if (bytes.length < length) throw new Fault('truncated');
	return parseHeader(bytes, fileSize - 8 - length);
}

/** The length of the header, checked before any of it is fetched. */
export function headerLength(beginning: Uint8Array, fileSize: number): number {
	if (beginning.length < 8) throw new Fault('truncated');
	const length = viewOf(beginning).getBigUint64(0, true);
	if (length > BigInt(HEADER_MAX_BYTES)) throw new Fault('header_too_large');
	if (length > BigInt(fileSize - 8)) throw new Fault('truncated');
	return wholeNumber(length);
}

/** The header; `dataBytes` is how much of the file lies behind it. */
export function parseHeader(bytes: Uint8Array, dataBytes: number): Safetensors {
	const header = json(bytes);
	const metadata: [string, string][] = [];
	const placed: (Tensor & { from: number; to: number })[] = [];
	for (const [name, entry] of Object.entries(header)) {
		if (name === '__metadata__') metadata.push(...metadataOf(entry));
		else placed.push(tensorOf(name, entry));
	}
	checkOffsets(placed, dataBytes);
	const tensors = placed.map(({ from: _from, to: _to, ...tensor }) => tensor);
	const parameters = tensors.reduce((sum, tensor) => sum + tensor.parameters, 0);
	return { headerBytes: bytes.length, tensors, totals: totalsOf(tensors), parameters, metadata };
}

function json(bytes: Uint8Array): Record<string, unknown> {
	try {
		const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
		if (typeof header === 'object' && header !== null && !Array.isArray(header)) {
			return header as Record<string, unknown>;
		}
	} catch {
		// Told below.
	}
	throw new Fault('header_broken');
}

function metadataOf(entry: unknown): [string, string][] {
	if (typeof entry !== 'object' || entry === null) return [];
	return Object.entries(entry).map(([name, value]) => [
		name,
		typeof value === 'string' ? value : JSON.stringify(value)
	]);
}

function isCount(value: unknown): value is number {
	return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isEntry(entry: unknown): entry is Entry {
	if (typeof entry !== 'object' || entry === null) return false;
	const { dtype, shape, data_offsets: offsets } = entry as Partial<Entry>;
	const shaped = Array.isArray(shape) && shape.every(isCount);
	const placed = Array.isArray(offsets) && offsets.length === 2 && offsets.every(isCount);
	return typeof dtype === 'string' && shaped && placed;
}

function tensorOf(name: string, entry: unknown): Tensor & { from: number; to: number } {
	if (!isEntry(entry)) throw new Fault('header_broken');
	const [from, to] = entry.data_offsets;
	const parameters = entry.shape.reduce((product, edge) => product * edge, 1);
	const bits = BITS[entry.dtype];
	if (to < from || !Number.isSafeInteger(parameters)) throw new Fault('offsets_broken');
	if (bits !== undefined && Math.ceil((parameters * bits) / 8) !== to - from)
		throw new Fault('offsets_broken');
	return { name, dtype: entry.dtype, shape: entry.shape, parameters, bytes: to - from, from, to };
}

/** Tensors lie one behind the other, inside the file. */
function checkOffsets(tensors: { from: number; to: number }[], dataBytes: number): void {
	let end = 0;
	for (const { from, to } of [...tensors].sort((a, b) => a.from - b.from || a.to - b.to)) {
		if (from < end) throw new Fault('offsets_broken');
		end = to;
	}
	if (end > dataBytes) throw new Fault('truncated');
}

function totalsOf(tensors: Tensor[]): TypeTotal[] {
	const totals = new Map<string, TypeTotal>();
	for (const { dtype, parameters, bytes } of tensors) {
		const total = totals.get(dtype) ?? { dtype, tensors: 0, parameters: 0, bytes: 0 };
		total.tensors += 1;
		total.parameters += parameters;
		total.bytes += bytes;
		totals.set(dtype, total);
	}
	return [...totals.values()].sort((a, b) => b.bytes - a.bytes);
}
