import { describe, expect, it } from 'vitest';
import { extensionOf, formatName, mayRunWhenLoaded, shownAs, type FileToShow } from './file-kinds';

const file = (name: string, change: Partial<FileToShow> = {}): FileToShow => ({
	name,
	size: 1_000,
	mime_type: 'application/octet-stream',
	is_binary: true,
	too_large: false,
	content: null,
	...change
});
const text = (name: string, change: Partial<FileToShow> = {}) =>
	file(name, { is_binary: false, mime_type: 'text/plain', content: 'text', ...change });

describe('how a file is shown', () => {
	it.each([
		['train.py', 'code'],
		['LICENSE', 'code'],
		['.gitattributes', 'code'],
		['environment.yml', 'code'],
		['pyproject.toml', 'code'],
		['page.html', 'code'],
		['README.md', 'markdown'],
		['drawing.svg', 'image'],
		['stations.csv', 'table'],
		['grid.TSV', 'table'],
		['config.json', 'json'],
		['outlines.geojson', 'json'],
		['explore.ipynb', 'notebook']
	])('a text named %s is shown as %s', (name, view) => {
		expect(shownAs(text(name)).view).toBe(view);
	});

	it.each([
		['photo.jpg', 'image'],
		['flight.mp4', 'video'],
		['quake.wav', 'audio'],
		['paper.pdf', 'pdf'],
		['model.safetensors', 'safetensors'],
		['llm.gguf', 'gguf'],
		['dem.TIF', 'geotiff'],
		['era5.nc', 'arrays'],
		['era5.h5', 'arrays'],
		['field.npz', 'numpy'],
		['rows.parquet', 'parquet'],
		['model.pt', 'archive'],
		['unknown.xyz', 'facts']
	])('bytes named %s are shown as %s', (name, view) => {
		expect(shownAs(file(name)).view).toBe(view);
	});

	it('an empty file has facts only', () => {
		expect(shownAs(text('a.csv', { size: 0, content: '' }))).toMatchObject({
			view: 'facts',
			reason: 'empty'
		});
	});

	it('what is too large to be held has facts, and a large text its beginning', () => {
		const large = { size: 200_000_000, too_large: true };
		expect(shownAs(file('photo.png', large))).toMatchObject({ view: 'facts' });
		expect(shownAs(text('run.log', { ...large, content: null })).view).toBe('code');
		expect(shownAs(text('all.json', { ...large, mime_type: 'application/json', content: null })).view).toBe(
			'code'
		);
		expect(shownAs(text('points.csv', { ...large, content: null })).view).toBe('table');
		expect(shownAs(file('model.safetensors', large)).view).toBe('safetensors');
	});

	it('a text in an older encoding is a text', () => {
		expect(shownAs(file('说明.txt', { mime_type: 'text/plain; charset=utf-8' })).view).toBe('code');
		expect(shownAs(file('站点.csv')).view).toBe('table');
	});

	it('a page under the name of a picture is a text', () => {
		expect(shownAs(text('cat.png')).view).toBe('code');
		expect(shownAs(text('weights.bin')).view).toBe('code');
	});

	it('texts with a view of their own have a source, too', () => {
		expect(shownAs(text('README.md')).hasSource).toBe(true);
		expect(shownAs(text('train.py')).hasSource).toBe(false);
		expect(shownAs(file('photo.png')).hasSource).toBe(false);
	});
});

describe('names', () => {
	it('have extensions', () => {
		expect(extensionOf('a.tar.GZ')).toBe('gz');
		expect(extensionOf('.gitignore')).toBe('');
		expect(extensionOf('Makefile')).toBe('');
	});

	it('tell which files may run code when they are loaded', () => {
		expect(mayRunWhenLoaded('model.PKL')).toBe(true);
		expect(mayRunWhenLoaded('model.safetensors')).toBe(false);
	});
});

it('names a format by the ending of a file, if it has one', () => {
	expect(formatName('weights.safetensors')).toBe('Safetensors');
	expect(formatName('rain.NC')).toBe('NetCDF');
	expect(formatName('figure.png')).toBe('PNG');
	expect(formatName('LICENSE')).toBeUndefined();
});
