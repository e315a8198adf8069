import { describe, expect, it } from 'vitest';
import { parseNpy } from './npy';

function npy(header: string, version = 1, length?: number): Uint8Array {
	const text = new TextEncoder().encode(header);
	const lengthBytes = version === 1 ? 2 : 4;
	const bytes = new Uint8Array(8 + lengthBytes + text.length);
	bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
	const view = new DataView(bytes.buffer);
	if (version === 1) view.setUint16(8, length ?? text.length, true);
	else view.setUint32(8, length ?? text.length, true);
	bytes.set(text, 8 + lengthBytes);
	return bytes;
}

describe('the head of an NPY file', () => {
	it('tells type, order and shape', () => {
		const array = parseNpy(
			npy("{'descr': '<f4', 'fortran_order': False, 'shape': (12, 64, 64), }          \n")
		);
		expect(array).toMatchObject({ type: 'float32', order: 'little', shape: [12, 64, 64], elements: 49_152 });
		expect(array.isFortranOrder).toBe(false);
	});

	it('of a single number has an empty shape', () => {
		const array = parseNpy(npy("{'descr': '>i8', 'fortran_order': True, 'shape': (), }\n"));
		expect(array).toMatchObject({
			type: 'int64',
			order: 'big',
			shape: [],
			elements: 1,
			isFortranOrder: true
		});
	});

	it('of structured arrays and of later versions is read', () => {
		const header = "{'descr': [('高程', '<f4'), ('x', '<f8')], 'fortran_order': False, 'shape': (5,), }\n";
		expect(parseNpy(npy(header, 3))).toMatchObject({ dtype: "[('高程', '<f4'), ('x', '<f8')]", shape: [5] });
	});

	it.each([
		['no NPY', new TextEncoder().encode('PK\u0003\u0004 something'), 'not_this_format'],
		['cut off', npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", 1, 500), 'truncated'],
		['huge', npy('{}', 2, 2 ** 31), 'header_too_large'],
		['something else', npy("__import__('os').system('id')"), 'header_broken'],
		[
			'of impossible edges',
			npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }"),
			'header_broken'
		]
	])('that is %s is a fault', (_, bytes, reason) => {
		expect(() => parseNpy(bytes)).toThrow(expect.objectContaining({ reason }));
	});
});
