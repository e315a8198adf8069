import { expect, it } from 'vitest';
import { classificationPaths } from './classificationPaths';

it('makes one path for each deepest node', () => {
	const nodes = [
		{ id: 'atmosphere', level: 1, parent_id: null },
		{ id: 'rain', level: 2, parent_id: 'atmosphere' },
		{ id: 'wind', level: 2, parent_id: 'atmosphere' },
		{ id: 'ocean', level: 1 }
	];
	expect(classificationPaths(nodes).map((path) => path.map((node) => node.id))).toEqual([
		['atmosphere', 'rain'],
		['atmosphere', 'wind'],
		['ocean']
	]);
});
