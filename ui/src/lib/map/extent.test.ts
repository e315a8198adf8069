import { describe, expect, it } from 'vitest';
import {
	boxNames,
	boxOf,
	graticuleStep,
	latitudeName,
	linesBetween,
	longitudeName,
	longitudeSpan,
	patchesOn,
	sheetAround,
	wrapped,
	type Box
} from './extent';

const ALPS: Box = [4.5, 43, 17, 49];
const FIJI: Box = [176, -20, -178, -15];
const WORLD: Box = [-180, -90, 180, 90];

describe('box of a card', () => {
	it('is none when numbers are missing or upside down', () => {
		expect(boxOf(null)).toBeUndefined();
		expect(boxOf([1, 2, 3])).toBeUndefined();
		expect(boxOf([0, 50, 10, 40])).toBeUndefined();
		expect(boxOf([0, 40, 10, 50])).toEqual([0, 40, 10, 50]);
	});

	it('spans the antimeridian when west is greater than east', () => {
		expect(longitudeSpan(FIJI)).toBe(6);
		expect(longitudeSpan(ALPS)).toBe(12.5);
		expect(longitudeSpan(WORLD)).toBe(360);
	});
});

describe('sheet around a box', () => {
	it('is centred on it and a little larger', () => {
		const sheet = sheetAround(ALPS);
		expect(sheet.centre).toEqual([10.75, 46]);
		expect(sheet.span[0]).toBeGreaterThan(12.5);
		expect(sheet.span[1]).toBeGreaterThan(6);
		expect(sheet.span[0]).toBeLessThan(60);
	});

	it('is centred beyond the antimeridian when the box crosses it', () => {
		expect(sheetAround(FIJI).centre[0]).toBe(179);
		expect(sheetAround([178, -20, -170, -15]).centre[0]).toBe(-176);
	});

	it('shows the whole earth for a global box', () => {
		const sheet = sheetAround(WORLD);
		expect(sheet.span).toEqual([360, 180]);
		expect(sheet.centre).toEqual([0, 0]);
		expect(sheet.ratio).toBe(0.5);
	});

	it('shows the whole earth for a belt around it', () => {
		expect(sheetAround([-180, -90, 180, -60]).span).toEqual([360, 180]);
	});

	it('does not reach beyond a pole', () => {
		const { centre, span } = sheetAround([-60, 70, -20, 88]);
		expect(centre[1] + span[1] / 2).toBeLessThanOrEqual(90);
	});

	it('keeps a surrounding around a point', () => {
		const sheet = sheetAround([8, 47, 8, 47]);
		expect(sheet.span[0]).toBeGreaterThan(10);
		expect(patchesOn(sheet, [8, 47, 8, 47])).toHaveLength(1);
	});
});

describe('box on a sheet', () => {
	it('is one rectangle inside it', () => {
		const [patch, ...others] = patchesOn(sheetAround(ALPS), ALPS);
		expect(others).toEqual([]);
		expect(patch!.left).toBeGreaterThan(0);
		expect(patch!.left + patch!.width / 2).toBeCloseTo(0.5);
		expect(patch!.top).toBeGreaterThan(0);
		expect(patch!.top + patch!.height).toBeLessThan(1);
	});

	it('is one rectangle across the antimeridian, where the sheet is centred on it', () => {
		expect(patchesOn(sheetAround(FIJI), FIJI)).toHaveLength(1);
	});

	it('is two rectangles where the edge of a map of the earth cuts it', () => {
		const pacific: Box = [120, -60, -70, 60];
		const world = {
			centre: [0, 0] as [number, number],
			span: [360, 180] as [number, number],
			stretch: 1,
			ratio: 0.5
		};
		const patches = patchesOn(world, pacific);
		expect(patches).toHaveLength(2);
		expect(patches.reduce((sum, patch) => sum + patch.width, 0)).toBeCloseTo(170 / 360);
	});

	it('covers the sheet from edge to edge when it is global', () => {
		expect(patchesOn(sheetAround(WORLD), WORLD)).toEqual([{ left: 0, top: 0, width: 1, height: 1 }]);
	});
});

describe('graticule', () => {
	it('has a few lines at round degrees', () => {
		expect(graticuleStep(21)).toBe(5);
		expect(graticuleStep(360)).toBe(90);
		expect(linesBetween(2.3, 17.1, 5)).toEqual([5, 10, 15]);
	});

	it('names both ends of a box around the earth', () => {
		expect(boxNames(WORLD)).toEqual({ west: '180°W', east: '180°E', south: '90°S', north: '90°N' });
		expect(boxNames(FIJI)).toEqual({ west: '176°E', east: '178°W', south: '20°S', north: '15°S' });
	});

	it('names degrees with their hemisphere', () => {
		expect(longitudeName(190)).toBe('170°W');
		expect(longitudeName(-180)).toBe('180°');
		expect(longitudeName(4.5)).toBe('4.5°E');
		expect(latitudeName(-33.25)).toBe('33.25°S');
		expect(latitudeName(0)).toBe('0°');
		expect(wrapped(540)).toBe(180);
	});
});
