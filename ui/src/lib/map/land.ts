import { geoOrthographic, geoPath, geoProjection } from 'd3-geo';
import { feature } from 'topojson-client';
import atlas from 'world-atlas/land-110m.json';
import type { Sheet } from './extent';

export interface Drawing {
	/** Land on the sheet, as the data of an SVG path. */
	land: string;
	/** Land on the globe that shows where the sheet lies. */
	globe: string;
}

const RADIANS = Math.PI / 180;

/** Natural Earth's land on a sheet of this size and on a globe of this radius. */
export function drawLand(sheet: Sheet, width: number, height: number, radius: number): Drawing {
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
