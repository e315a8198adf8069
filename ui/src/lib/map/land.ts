import type { Sheet } from './extent';

export interface Drawing {
	/** Land on the sheet, as the data of an SVG path. */
	land: string;
	/** Land on the globe that shows where the sheet lies. */
	globe: string;
}

const RADIANS = Math.PI / 180;

/** Natural Earth's land on a sheet of this size and on a globe of this radius. Outlines and projections come with it. */
export async function drawLand(
	sheet: Sheet,
	width: number,
	height: number,
	radius: number
): Promise<Drawing> {
	const [{ geoOrthographic, geoPath, geoProjection }, { feature }, { default: atlas }] = await Promise.all([
		import('d3-geo'),
		import('topojson-client'),
		import('world-atlas/land-110m.json')
	]);
	const topology = atlas as unknown as Parameters<typeof feature>[0];
	const land = feature(topology, topology.objects['land']!);
	const [longitude, latitude] = sheet.centre;
	const flat = geoProjection((lambda, phi) => [lambda * sheet.stretch, phi])
		.rotate([-longitude, 0])
		.center([0, latitude])
		.scale(width / (sheet.span[0] * sheet.stretch * RADIANS))
		.translate([width / 2, height / 2])
		.clipExtent([
			[-2, -2],
			[width + 2, height + 2]
		]);
	const round = geoOrthographic()
		.rotate([-longitude, -latitude])
		.scale(radius)
		.translate([0, 0])
		.clipAngle(90);
	return { land: geoPath(flat)(land) ?? '', globe: geoPath(round)(land) ?? '' };
}
