import { describe, expect, it } from 'vitest';
import { geoJsonFacts } from './geojson';
import { parseGguf } from './gguf';
import { arrayFormatOf } from './netcdf';
import { parseNotebook } from './notebook';
import { relativeTo } from './relative';
import { decodeText } from './text';
import { isZip, listZip } from './zip';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const fault = (reason: string) => expect.objectContaining({ reason });

describe('text', () => {
	it('is UTF-8, else GB 18030, else none', () => {
		expect(decodeText(bytesOf('降水'))).toEqual({ text: '降水', encoding: 'utf-8' });
		expect(decodeText(Uint8Array.of(0xbd, 0xb5, 0xcb, 0xae))).toEqual({ text: '降水', encoding: 'gb18030' });
		expect(decodeText(Uint8Array.of(1, 0, 2, 0))).toBeUndefined();
		expect(decodeText(Uint8Array.of(0xff, 0xfe, 0x41, 0))?.text).toBe('A');
	});

	it('that is cut within a character keeps what is whole', () => {
		expect(decodeText(bytesOf('降水').subarray(0, 5), true)).toEqual({ text: '降', encoding: 'utf-8' });
	});
});

describe('relative addresses', () => {
	it.each([
		['notebooks/a.ipynb', '../code/unet.py', 'code/unet.py'],
		['notebooks/a.ipynb', './fig%201.png?raw=1', 'notebooks/fig 1.png'],
		['a.ipynb', '/data/x.csv', 'data/x.csv'],
		['a.ipynb', '../../etc/passwd', undefined],
		['a.ipynb', 'javascript:alert(1)', undefined],
		['a.ipynb', '//evil.example/x.png', undefined],
		['a.ipynb', 'data:text/html,x', undefined],
		['a.ipynb', '#part', undefined]
	])('in %s, %s leads to %s', (file, address, path) => {
		expect(relativeTo(file, address)).toBe(path);
	});
});

describe('a notebook', () => {
	it('gives cells with their richest outputs', () => {
		const outputs = [
			{ output_type: 'stream', name: 'stdout', text: ['a\n'] },
			{ output_type: 'stream', name: 'stdout', text: 'b' },
			{ output_type: 'display_data', data: { 'image/png': 'aGk=\n', 'text/plain': 'plot' } },
			{ output_type: 'error', ename: 'E', evalue: 'v', traceback: ['t1', 't2'] }
		];
		const cells = [
			{ cell_type: 'markdown', source: ['# A\n', 'b'] },
			{ cell_type: 'code', source: 'x', execution_count: 3, outputs }
		];
		const found = parseNotebook(JSON.stringify({ cells, metadata: { kernelspec: { language: 'julia' } } }));
		expect(found.language).toBe('julia');
		expect(found.cells[0]).toMatchObject({ kind: 'markdown', source: '# A\nb' });
		expect(found.cells[1]!.outputs).toEqual([
			{ kind: 'text', text: 'a\nb', tone: 'plain' },
			{ kind: 'image', src: 'data:image/png;base64,aGk=', alt: 'plot' },
			{ kind: 'text', text: 't1\nt2', tone: 'error' }
		]);
	});

	it('takes no picture that is more than base64', () => {
		const data = { 'image/png': 'x" onerror="alert(1)', 'text/plain': 'plot' };
		const cells = [{ cell_type: 'code', source: '', outputs: [{ output_type: 'display_data', data }] }];
		expect(parseNotebook(JSON.stringify({ cells })).cells[0]!.outputs).toEqual([
			{ kind: 'text', text: 'plot', tone: 'plain' }
		]);
	});

	it('of odd shapes is a fault or is read as far as it goes', () => {
		expect(() => parseNotebook('{')).toThrow(fault('json_broken'));
		expect(() => parseNotebook('[]')).toThrow(fault('not_this_format'));
		expect(() => parseNotebook('{"cells": 3}')).toThrow(fault('not_this_format'));
		expect(
			parseNotebook('{"cells": [null, 3, {"cell_type": "code", "outputs": [7, {}]}]}').cells
		).toHaveLength(1);
	});
});

describe('GeoJSON', () => {
	it('tells what it holds', () => {
		const feature = (x: number) => ({
			type: 'Feature',
			properties: { name: 'a' },
			geometry: { type: 'Point', coordinates: [x, 45, 300] }
		});
		expect(
			geoJsonFacts({ type: 'FeatureCollection', features: [feature(7), feature(9), null] })
		).toMatchObject({
			features: 3,
			geometries: [['Point', 2]],
			bounds: [7, 45, 9, 45],
			properties: ['name'],
			vertices: 2
		});
	});

	it('is not every JSON', () => {
		for (const root of [{}, [], null, 3, { type: 'Topology' }]) expect(geoJsonFacts(root)).toBeUndefined();
		expect(geoJsonFacts({ type: 'FeatureCollection', features: 'x' })?.bounds).toBeUndefined();
	});
});

describe('a GGUF header', () => {
	it('that lies about its lengths is a fault', () => {
		const bytes = new Uint8Array(40);
		const view = new DataView(bytes.buffer);
		view.setUint32(0, 0x46554747, true);
		view.setUint32(4, 3, true);
		view.setBigUint64(16, 1n, true);
		view.setBigUint64(24, 2n ** 40n, true);
		expect(() => parseGguf(bytes)).toThrow(fault('truncated'));
		view.setBigUint64(8, 2n ** 63n, true);
		expect(() => parseGguf(bytes)).toThrow(fault('header_broken'));
		expect(() => parseGguf(bytesOf('PK'))).toThrow(fault('truncated'));
		expect(() => parseGguf(bytesOf('not a model at all'))).toThrow(fault('not_this_format'));
	});
});

describe('files of arrays', () => {
	it('are known by their first bytes', () => {
		expect(arrayFormatOf(bytesOf('CDF\u0001rest'))).toBe('netcdf3');
		expect(arrayFormatOf(bytesOf('CDF\u0005rest'))).toBe('cdf5');
		expect(arrayFormatOf(Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a))).toBe('hdf5');
		expect(arrayFormatOf(bytesOf('something'))).toBeUndefined();
	});
});

describe('a ZIP archive', () => {
	/** An archive with one stored file. */
	const archive = (name: string, content: string) => {
		const [path, data] = [bytesOf(name), bytesOf(content)];
		const bytes = new Uint8Array(30 + path.length + data.length + 46 + path.length + 22);
		const view = new DataView(bytes.buffer);
		const directory = 30 + path.length + data.length;
		view.setUint32(0, 0x04034b50, true);
		view.setUint16(26, path.length, true);
		bytes.set(path, 30);
		bytes.set(data, 30 + path.length);
		view.setUint32(directory, 0x02014b50, true);
		view.setUint16(directory + 8, 0x800, true);
		view.setUint32(directory + 20, data.length, true);
		view.setUint32(directory + 24, data.length, true);
		view.setUint16(directory + 28, path.length, true);
		bytes.set(path, directory + 46);
		const end = directory + 46 + path.length;
		view.setUint32(end, 0x06054b50, true);
		view.setUint16(end + 10, 1, true);
		view.setUint32(end + 12, 46 + path.length, true);
		view.setUint32(end + 16, directory, true);
		return bytes;
	};
	const list = (bytes: Uint8Array) =>
		listZip(async (start, length) => bytes.subarray(start, start + length), bytes.length);

	it('is listed by its directory', async () => {
		const bytes = archive('数据/a.npy', 'hello');
		expect(isZip(bytes)).toBe(true);
		expect(await list(bytes)).toEqual([
			{ path: '数据/a.npy', bytes: 5, packedBytes: 5, method: 0, offset: 0, isFolder: false }
		]);
	});

	it('that is cut or lies about its directory is a fault', async () => {
		const bytes = archive('a', 'hello');
		await expect(list(bytes.subarray(0, 40))).rejects.toEqual(fault('not_this_format'));
		new DataView(bytes.buffer).setUint32(bytes.length - 22 + 12, 0x7fffffff, true);
		await expect(list(bytes)).rejects.toEqual(fault('header_too_large'));
	});
});
