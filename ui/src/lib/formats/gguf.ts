import { viewOf, wholeNumber } from './bytes';
import { Fault } from './fault';

export interface GgufTensor {
	name: string;
	type: string;
	shape: number[];
	parameters: number;
}

export interface Gguf {
	version: number;
	metadata: [name: string, value: string][];
	tensors: GgufTensor[];
	parameters: number;
}

/** The header is looked for in so many bytes; vocabularies are part of it. */
export const GGUF_HEAD_BYTES = 32 * 1024 * 1024;
const COUNT_MAX = 1_000_000;
const TEXT_MAX = 300;
/** Members of a list that are shown. */
const LIST_SHOWN = 8;

const TENSOR_TYPES: Record<number, string> = {
	0: 'F32',
	1: 'F16',
	2: 'Q4_0',
	3: 'Q4_1',
	6: 'Q5_0',
	7: 'Q5_1',
	8: 'Q8_0',
	9: 'Q8_1',
	10: 'Q2_K',
	11: 'Q3_K',
	12: 'Q4_K',
	13: 'Q5_K',
	14: 'Q6_K',
	15: 'Q8_K',
	24: 'I8',
	25: 'I16',
	26: 'I32',
	27: 'I64',
	28: 'F64',
	30: 'BF16'
};

/** Reads numbers and texts one behind the other; reading beyond the end is a fault. */
class Cursor {
	#place = 0;
	#view: DataView;

	constructor(private readonly bytes: Uint8Array) {
		this.#view = viewOf(bytes);
	}

	#step(length: number): number {
		const place = this.#place;
		if (place + length > this.bytes.length) throw new Fault('truncated');
		this.#place += length;
		return place;
	}

	u32 = (): number => this.#view.getUint32(this.#step(4), true);
	u64 = (): number => wholeNumber(this.#view.getBigUint64(this.#step(8), true));

	text(): string {
		const length = this.u64();
		const start = this.#step(length);
		return new TextDecoder().decode(this.bytes.subarray(start, start + length));
	}

	/** One value of a numbered type, in words. */
	value(type: number): string {
		const view = this.#view;
		switch (type) {
			case 0:
				return String(view.getUint8(this.#step(1)));
			case 1:
				return String(view.getInt8(this.#step(1)));
			case 2:
				return String(view.getUint16(this.#step(2), true));
			case 3:
				return String(view.getInt16(this.#step(2), true));
			case 4:
				return String(this.u32());
			case 5:
				return String(view.getInt32(this.#step(4), true));
			case 6:
				return String(Number(view.getFloat32(this.#step(4), true).toPrecision(7)));
			case 7:
				return view.getUint8(this.#step(1)) === 0 ? 'false' : 'true';
			case 8:
				return short(this.text());
			case 9:
				return this.#list();
			case 10:
				return String(view.getBigUint64(this.#step(8), true));
			case 11:
				return String(view.getBigInt64(this.#step(8), true));
			case 12:
				return String(view.getFloat64(this.#step(8), true));
			default:
				throw new Fault('header_broken');
		}
	}

	#list(): string {
		const type = this.u32();
		const count = this.u64();
		// Lists of lists are not used by any known file, and would allow any depth.
		if (type === 9 || count > 10 * COUNT_MAX) throw new Fault('header_broken');
		const shown: string[] = [];
		for (let place = 0; place < count; place += 1) {
			const value = this.value(type);
			if (place < LIST_SHOWN) shown.push(value);
		}
		return count > LIST_SHOWN ? `[${shown.join(', ')}, … (${count})]` : `[${shown.join(', ')}]`;
	}
}

function short(text: string): string {
	return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
}

/** Reads the header of a GGUF file, version 2 or 3. */
export function parseGguf(bytes: Uint8Array): Gguf {
	const cursor = new Cursor(bytes);
	if (cursor.u32() !== 0x46554747) throw new Fault('not_this_format');
	const version = cursor.u32();
	if (version < 2 || version > 3) throw new Fault('unreadable');
	const tensorCount = cursor.u64();
	const metadataCount = cursor.u64();
	if (tensorCount > COUNT_MAX || metadataCount > COUNT_MAX) throw new Fault('header_broken');
	const metadata: [string, string][] = [];
	for (let place = 0; place < metadataCount; place += 1) {
		const name = cursor.text();
		metadata.push([name, cursor.value(cursor.u32())]);
	}
	const tensors: GgufTensor[] = [];
	for (let place = 0; place < tensorCount; place += 1) tensors.push(tensorAt(cursor));
	const parameters = tensors.reduce((sum, tensor) => sum + tensor.parameters, 0);
	return { version, metadata, tensors, parameters };
}

function tensorAt(cursor: Cursor): GgufTensor {
	const name = cursor.text();
	const dimensions = cursor.u32();
	if (dimensions > 8) throw new Fault('header_broken');
	const shape = Array.from({ length: dimensions }, () => cursor.u64());
	const type = cursor.u32();
	cursor.u64();
	const parameters = shape.reduce((product, edge) => product * edge, 1);
	return { name, type: TENSOR_TYPES[type] ?? `#${type}`, shape, parameters };
}
