import { describe, expect, it } from 'vitest';
import { boundsOf, cardFaults, emptyCard, metadataOf, mostExact, type ClassificationNode } from './cardForm';

const nodes = new Map<string, ClassificationNode>(
	[
		{ id: 'solid-earth', level: 1 },
		{ id: 'seismology', level: 2, parent_id: 'solid-earth' },
		{ id: 'phase-picking', level: 3, parent_id: 'seismology' },
		{ id: 'ocean', level: 1 }
	].map((node) => [node.id, node])
);

describe('a card', () => {
	it('names the whole way to each chosen field of the tree', () => {
		const card = { ...emptyCard(), classifications: ['phase-picking', 'ocean'] };
		expect(metadataOf(card, nodes)).toMatchObject({
			classification_1: ['solid-earth', 'ocean'],
			classification_2: ['seismology'],
			classification_3: ['phase-picking']
		});
		expect(mostExact(['solid-earth', 'seismology', 'phase-picking', 'ocean'], nodes)).toEqual([
			'phase-picking',
			'ocean'
		]);
	});

	it('removes what is empty and writes numbers as numbers', () => {
		const card = {
			...emptyCard(),
			title: ' U-Net ',
			west: '-10',
			south: '35',
			east: '20',
			north: '60.5',
			gsd: '10'
		};
		const metadata = metadataOf({ ...card, start: '1979', task: ['segmentation'] }, nodes);
		expect(metadata).toMatchObject({
			title: 'U-Net',
			bbox: [-10, 35, 20, 60.5],
			gsd: 10,
			temporal_extent: { start: '1979', end: null },
			task: 'segmentation',
			framework: null,
			crs: null
		});
	});

	it('tells extents and periods that cannot be meant', () => {
		const bounds = { ...emptyCard(), west: '170', south: '10', east: '-170', north: '5' };
		expect(boundsOf(bounds)).toBeUndefined();
		expect(boundsOf({ ...bounds, north: '20' })).toEqual([170, 10, -170, 20]);
		const card = { ...bounds, gsd: '-1', start: '2020', end: '2019-05' };
		expect([...cardFaults(card)].sort()).toEqual(['bounds', 'gsd', 'period']);
		expect(cardFaults(emptyCard()).size).toBe(0);
	});
});
