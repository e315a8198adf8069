import { describe, expect, it } from 'vitest';
import { Fault } from './fault';
import { HEADER_MAX_BYTES, parseHeader, readSafetensors } from './safetensors';

function file(header: unknown, dataBytes = 0, length?: bigint): Uint8Array {
	const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
	const bytes = new Uint8Array(8 + json.length + dataBytes);
	new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
	bytes.set(json, 8);
	return bytes;
}

/** Reads from bytes, and keeps which ranges were asked for. */
function source(bytes: Uint8Array) {
	const asked: [number, number][] = [];
	const read = async (start: number, length: number) => {
		asked.push([start, length]);
		return bytes.subarray(start, start + length);
	};
	return { asked, open: (size = bytes.length) => readSafetensors(read, size) };
}

const TENSOR = { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] };

describe('a safetensors header', () => {
	it('tells tensors, totals and metadata, and fetches no weights', async () => {
		const header = {
			__metadata__: { format: 'pt' },
			a: TENSOR,
			b: { dtype: 'BF16', shape: [], data_offsets: [24, 26] }
		};
		const { asked, open } = source(file(header, 26));
		const found = await open();
		expect(found.parameters).toBe(7);
		expect(found.tensors.map(({ name, bytes }) => [name, bytes])).toEqual([
			['a', 24],
			['b', 2]
		]);
		expect(found.totals.map(({ dtype }) => dtype)).toEqual(['F32', 'BF16']);
		expect(found.metadata).toEqual([['format', 'pt']]);
		expect(asked).toEqual([
			[0, 8],
			[8, found.headerBytes]
		]);
	});

	it('of no tensors is fine', async () => {
		expect((await source(file({})).open()).tensors).toEqual([]);
	});

	const reason = async (bytes: Uint8Array, size?: number) =>
		source(bytes)
			.open(size)
			.then(
				() => 'none',
				(thrown: unknown) => (thrown instanceof Fault ? thrown.reason : String(thrown))
			);

	it('is truncated when the file ends before it, or before the data', async () => {
		expect(await reason(new Uint8Array(5))).toBe('truncated');
		expect(await reason(file({ a: TENSOR }, 24).subarray(0, 20))).toBe('truncated');
		expect(await reason(file({ a: TENSOR }, 23))).toBe('truncated');
	});

	it('of a huge length is refused before anything of it is fetched', async () => {
		const { asked, open } = source(file('{}', 0, 2n ** 63n));
		await expect(open()).rejects.toMatchObject({ reason: 'header_too_large' });
		expect(asked).toEqual([[0, 8]]);
		expect(await reason(file('{}', 0, BigInt(HEADER_MAX_BYTES + 1)), 2 ** 40)).toBe('header_too_large');
	});

	it('that is no JSON object is broken', async () => {
		for (const header of ['[]', 'null', '{"a":', '{"a": 3}', '{"a": {"dtype": "F32"}}']) {
			expect(await reason(file(header))).toBe('header_broken');
		}
	});

	it.each([
		['overlap', { a: TENSOR, b: { ...TENSOR, data_offsets: [12, 36] } }],
		['end before they begin', { a: { ...TENSOR, data_offsets: [24, 0] } }],
		['do not fit their shape', { a: { ...TENSOR, data_offsets: [0, 20] } }],
		[
			'are of more numbers than there are',
			{ a: { dtype: 'F32', shape: [2 ** 40, 2 ** 40], data_offsets: [0, 4] } }
		]
	])('with tensors that %s has broken offsets', async (_, header) => {
		expect(await reason(file(header, 64))).toBe('offsets_broken');
	});

	it('takes types that came later than this page', () => {
		const header = new TextEncoder().encode('{"a":{"dtype":"F3","shape":[8],"data_offsets":[0,3]}}');
		expect(parseHeader(header, 3).tensors[0]).toMatchObject({ dtype: 'F3', bytes: 3 });
	});
});
