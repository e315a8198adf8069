import { describe, expect, it } from 'vitest';
import { FileIndex } from './rank';

const index = new FileIndex([
	'README.md',
	'data/stations.csv',
	'data/train/labels.csv',
	'src/models/unet.py',
	'src/train.py',
	'docs/training/index.md',
	'数据/滑坡编目.geojson'
]);
const paths = (query: string) => index.find(query, 10).files.map((file) => file.path);

describe('file finder', () => {
	it('shows the first files before anything is typed', () => {
		expect(paths('')).toHaveLength(7);
		expect(index.find('', 2).files).toHaveLength(2);
	});

	it('prefers a match in the name to one in the folders', () => {
		expect(paths('train')[0]).toBe('src/train.py');
		expect(paths('read')[0]).toBe('README.md');
	});

	it('finds letters that are spread over a path', () => {
		expect(paths('srcunet')).toContain('src/models/unet.py');
		expect(paths('stcsv')).toContain('data/stations.csv');
	});

	it('orders equally good ones by their numbers and counts all', () => {
		const tiles = new FileIndex(['t/tile_12.txt', 't/tile_2.txt', 't/tile_1.txt'].reverse());
		const { files, total } = tiles.find('txt', 2);
		expect(files.map((file) => file.path)).toEqual(['t/tile_1.txt', 't/tile_2.txt']);
		expect(total).toBe(3);
	});

	it('finds Chinese names', () => {
		expect(paths('滑坡')).toEqual(['数据/滑坡编目.geojson']);
	});

	it('finds nothing where nothing matches', () => {
		expect(paths('zzzz')).toEqual([]);
	});

	it('tells which letters matched', () => {
		const [found] = index.find('train.py', 1).files;
		expect([...found!.marks].sort((a, b) => a - b).map((at) => found!.path[at])).toEqual([...'train.py']);
	});
});
