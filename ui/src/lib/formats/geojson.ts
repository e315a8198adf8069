export interface GeoJsonFacts {
	/** The type of the whole: `FeatureCollection`, `Feature` or a geometry. */
	type: string;
	features: number;
	/** How many of each kind of geometry. */
	geometries: [type: string, count: number][];
	/** Names of properties, in the order in which they are met. */
	properties: string[];
	/** West, south, east, north. */
	bounds: [number, number, number, number] | undefined;
	/** A name of the reference system, which older files carry. */
	crs: string | undefined;
	vertices: number;
}

const GEOMETRIES = [
	'Point',
	'MultiPoint',
	'LineString',
	'MultiLineString',
	'Polygon',
	'MultiPolygon',
	'GeometryCollection'
];
const PROPERTIES_MAX = 60;

type Loose = Record<string, unknown>;

function isLoose(value: unknown): value is Loose {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a GeoJSON file (RFC 7946) holds; nothing when it is other JSON. */
export function geoJsonFacts(root: unknown): GeoJsonFacts | undefined {
	if (!isLoose(root) || typeof root.type !== 'string') return undefined;
	const isKnown = ['FeatureCollection', 'Feature', ...GEOMETRIES].includes(root.type);
	if (!isKnown) return undefined;
	const features =
		root.type === 'FeatureCollection' ? list(root.features) : root.type === 'Feature' ? [root] : [];
	const geometries = root.type.startsWith('Feature')
		? features.map((feature) => (isLoose(feature) ? feature.geometry : undefined))
		: [root];
	const measured = measure(geometries);
	const names = new Set<string>();
	for (const feature of features) {
		if (names.size >= PROPERTIES_MAX) break;
		if (isLoose(feature) && isLoose(feature.properties))
			Object.keys(feature.properties).forEach((name) => names.add(name));
	}
	return {
		type: root.type,
		features: features.length,
		properties: [...names].slice(0, PROPERTIES_MAX),
		crs: crsOf(root),
		...measured
	};
}

function list(value: unknown): unknown[] {
	return Array.isArray(value) ? value : [];
}

function crsOf(root: Loose): string | undefined {
	const crs = root.crs;
	if (!isLoose(crs) || !isLoose(crs.properties)) return undefined;
	return typeof crs.properties.name === 'string' ? crs.properties.name : undefined;
}

function measure(roots: unknown[]) {
	const counts = new Map<string, number>();
	const bounds: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
	let vertices = 0;
	const waiting: unknown[] = [...roots];
	while (waiting.length > 0) {
		const value = waiting.pop();
		if (Array.isArray(value)) {
			const [x, y] = value as unknown[];
			if (typeof x === 'number' && typeof y === 'number') {
				vertices += 1;
				bounds[0] = Math.min(bounds[0], x);
				bounds[1] = Math.min(bounds[1], y);
				bounds[2] = Math.max(bounds[2], x);
				bounds[3] = Math.max(bounds[3], y);
			} else for (const inner of value) waiting.push(inner);
		} else if (isLoose(value) && typeof value.type === 'string' && GEOMETRIES.includes(value.type)) {
			counts.set(value.type, (counts.get(value.type) ?? 0) + 1);
			waiting.push(value.coordinates);
			if (Array.isArray(value.geometries)) for (const inner of value.geometries) waiting.push(inner);
		}
	}
	const geometries = [...counts].sort((a, b) => b[1] - a[1]);
	return { geometries, vertices, bounds: Number.isFinite(bounds[0]) ? bounds : undefined };
}
