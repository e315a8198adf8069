/** West, south, east, north in degrees; west is greater than east when the box crosses the antimeridian. */
export type Box = [number, number, number, number];

/** The part of the globe that a map sheet shows. */
export interface Sheet {
	/** Longitude and latitude of the middle. */
	centre: [number, number];
	/** Degrees shown from left to right and from bottom to top. */
	span: [number, number];
	/** Width of a degree of longitude as part of a degree of latitude: true to shape in the middle. */
	stretch: number;
	/** Height over width. */
	ratio: number;
}

/** Less than this is not shown, so that a coast or a border tells where it is. */
const LEAST_DEGREES = 24;
const SURROUNDING = 2.1;
const LEAST_STRETCH = 0.35;
const [FLATTEST, STEEPEST] = [0.5, 0.85];

/** A box from a card, if its numbers make one. */
export function boxOf(numbers: readonly unknown[] | null | undefined): Box | undefined {
	if (numbers?.length !== 4 || !numbers.every((one) => typeof one === 'number' && Number.isFinite(one))) {
		return undefined;
	}
	const [west, south, east, north] = numbers as Box;
	return south <= north && Math.abs(south) <= 90 && Math.abs(north) <= 90
		? [west, south, east, north]
		: undefined;
}

/** Degrees of longitude from west to east, across the antimeridian where needed. */
export function longitudeSpan([west, , east]: Box): number {
	if (east - west >= 360) return 360;
	return east >= west ? east - west : east - west + 360;
}

/** The same longitude between -180 and 180. */
export function wrapped(longitude: number): number {
	const turned = (((longitude + 180) % 360) + 360) % 360;
	return turned === 0 && longitude > 0 ? 180 : turned - 180;
}

/** The sheet on which a box lies in a sensible surrounding. */
export function sheetAround(box: Box): Sheet {
	const [west, south, , north] = box;
	const wide = longitudeSpan(box);
	const middle = (south + north) / 2;
	const stretch = Math.max(LEAST_STRETCH, Math.cos((middle * Math.PI) / 180));
	let longitudes = Math.min(360, Math.max(wide * SURROUNDING, LEAST_DEGREES / stretch));
	let latitudes = Math.min(180, Math.max((north - south) * SURROUNDING, LEAST_DEGREES * FLATTEST));
	const ratio = latitudes / (longitudes * stretch);
	if (ratio < FLATTEST) latitudes = Math.min(180, longitudes * stretch * FLATTEST);
	if (ratio > STEEPEST) longitudes = Math.min(360, latitudes / STEEPEST / stretch);
	if (longitudes === 360) {
		// A box around the earth is read from 180°W to 180°E; another one stands in the middle.
		return {
			centre: [wide === 360 ? 0 : wrapped(west + wide / 2), 0],
			span: [360, 180],
			stretch: 1,
			ratio: 0.5
		};
	}
	const edge = 90 - latitudes / 2;
	return {
		centre: [wrapped(west + wide / 2), Math.min(edge, Math.max(-edge, middle))],
		span: [longitudes, latitudes],
		stretch,
		ratio: latitudes / (longitudes * stretch)
	};
}

/** Where a point lies on the sheet: from 0 at its left and top edge to 1; beyond that it is not on it. */
export function placeOn(sheet: Sheet, longitude: number, latitude: number): [number, number] {
	const east = wrapped(longitude - sheet.centre[0]);
	return [0.5 + east / sheet.span[0], 0.5 - (latitude - sheet.centre[1]) / sheet.span[1]];
}

/** A rectangle on the sheet, in parts of its width and height. */
export interface Patch {
	left: number;
	top: number;
	width: number;
	height: number;
}

/** The box as rectangles on the sheet: two when the sheet's edge cuts it. */
export function patchesOn(sheet: Sheet, box: Box): Patch[] {
	const [west, south, , north] = box;
	const wide = longitudeSpan(box);
	const top = placeOn(sheet, 0, north)[1];
	const height = placeOn(sheet, 0, south)[1] - top;
	if (wide >= 360) return [{ left: 0, top, width: 1, height }];
	// A point on the left edge wraps to the right one, so the middle is placed and the rest measured from it.
	const left = placeOn(sheet, west + wide / 2, 0)[0] - wide / 2 / sheet.span[0];
	const width = wide / sheet.span[0];
	const around = 360 / sheet.span[0];
	return [left - around, left, left + around]
		.map((start) => ({ start: Math.max(0, start), end: Math.min(1, start + width) }))
		.filter(({ start, end }) => end > start || (width === 0 && end === start))
		.map(({ start, end }) => ({ left: start, top, width: end - start, height }));
}

const STEPS = [1, 2, 5, 10, 15, 30, 45, 60];

/** Degrees from one line of the graticule to the next, so that about four are on the sheet. */
export function graticuleStep(span: number): number {
	return STEPS.find((step) => span / step <= 5) ?? 90;
}

/** Multiples of the step between two values. */
export function linesBetween(low: number, high: number, step: number): number[] {
	const first = Math.ceil((low - 1e-9) / step);
	const last = Math.floor((high + 1e-9) / step);
	return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => (first + index) * step);
}

function degrees(value: number): string {
	return `${Number(Math.abs(value).toFixed(4))}°`;
}

/** 12.5°E, 180°, 0°. */
export function longitudeName(longitude: number): string {
	const value = wrapped(longitude);
	if (value === 0 || Math.abs(value) === 180) return degrees(value);
	return degrees(value) + (value > 0 ? 'E' : 'W');
}

/** 45°N, 0°. */
export function latitudeName(latitude: number): string {
	return latitude === 0 ? '0°' : degrees(latitude) + (latitude > 0 ? 'N' : 'S');
}

/** The corners of a box in words; one around the earth ends where it begins, on either side. */
export function boxNames(box: Box): { west: string; east: string; south: string; north: string } {
	const [west, south, east, north] = box;
	const isAround = longitudeSpan(box) === 360;
	return {
		west: isAround ? '180°W' : longitudeName(west),
		east: isAround ? '180°E' : longitudeName(east),
		south: latitudeName(south),
		north: latitudeName(north)
	};
}
