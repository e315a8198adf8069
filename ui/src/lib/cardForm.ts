/** The fields of a card as a form holds them, and the metadata that they mean. */
export interface CardDraft {
	title: string;
	license: string;
	tags: string[];
	language: string[];
	task: string[];
	framework: string[];
	/** Slugs of classification nodes, the most exact of each branch. */
	classifications: string[];
	west: string;
	south: string;
	east: string;
	north: string;
	start: string;
	end: string;
	crs: string;
	sensors: string[];
	gsd: string;
}

export function emptyCard(): CardDraft {
	return {
		title: '',
		license: '',
		tags: [],
		language: [],
		task: [],
		framework: [],
		classifications: [],
		west: '',
		south: '',
		east: '',
		north: '',
		start: '',
		end: '',
		crs: '',
		sensors: [],
		gsd: ''
	};
}

export interface ClassificationNode {
	id: string;
	parent_id?: string | null;
	level: number;
}

/** West, south, east and north in degrees; nothing unless all four are numbers in their range. */
export function boundsOf(card: CardDraft): [number, number, number, number] | undefined {
	const texts = [card.west, card.south, card.east, card.north];
	const [west, south, east, north] = texts.map((text) => (text.trim() === '' ? Number.NaN : Number(text)));
	const isDegree = (value: number | undefined, most: number) =>
		value !== undefined && Math.abs(value) <= most;
	if (!isDegree(west, 180) || !isDegree(east, 180) || !isDegree(south, 90) || !isDegree(north, 90))
		return undefined;
	return south! <= north! ? [west!, south!, east!, north!] : undefined;
}

export type CardFault = 'bounds' | 'gsd' | 'period';

/** What a geoscience field says that cannot be meant. */
export function cardFaults(card: CardDraft): Set<CardFault> {
	const faults = new Set<CardFault>();
	const hasBounds = [card.west, card.south, card.east, card.north].some((text) => text.trim() !== '');
	if (hasBounds && boundsOf(card) === undefined) faults.add('bounds');
	if (card.gsd.trim() !== '' && !(Number(card.gsd) > 0)) faults.add('gsd');
	const moment = /^\d{4}(-\d{2}(-\d{2})?)?$/;
	const [start, end] = [card.start.trim(), card.end.trim()];
	const isMoment = (text: string) => text === '' || moment.test(text);
	if (!isMoment(start) || !isMoment(end) || (start !== '' && end !== '' && start > end)) faults.add('period');
	return faults;
}

/** The slugs on the ways to nodes, by level. */
export function classificationFields(
	chosen: readonly string[],
	nodes: ReadonlyMap<string, ClassificationNode>
): Record<string, string[] | null> {
	const levels: Record<number, Set<string>> = { 1: new Set(), 2: new Set(), 3: new Set() };
	for (const id of chosen) {
		for (let node = nodes.get(id); node !== undefined; node = nodes.get(node.parent_id ?? '')) {
			levels[node.level]?.add(node.id);
		}
	}
	const field = (level: number) => (levels[level]!.size === 0 ? null : [...levels[level]!]);
	return { classification_1: field(1), classification_2: field(2), classification_3: field(3) };
}

/** Of several slugs, those that no other is below of. */
export function mostExact(ids: readonly string[], nodes: ReadonlyMap<string, ClassificationNode>): string[] {
	const parents = new Set<string>();
	for (const id of ids) {
		for (let node = nodes.get(id); node?.parent_id; node = nodes.get(node.parent_id))
			parents.add(node.parent_id);
	}
	return ids.filter((id) => !parents.has(id));
}

/** The metadata of a card; empty fields are null, which removes them. */
export function metadataOf(
	card: CardDraft,
	nodes: ReadonlyMap<string, ClassificationNode>
): Record<string, unknown> {
	const text = (value: string) => (value.trim() === '' ? null : value.trim());
	const list = (values: string[]) => (values.length === 0 ? null : values);
	const one = (values: string[]) => (values.length === 1 ? values[0] : list(values));
	const period =
		card.start.trim() === '' && card.end.trim() === ''
			? null
			: { start: text(card.start), end: text(card.end) };
	return {
		title: text(card.title),
		license: text(card.license),
		tags: card.tags,
		language: list(card.language),
		task: one(card.task),
		framework: one(card.framework),
		...classificationFields(card.classifications, nodes),
		bbox: boundsOf(card) ?? null,
		temporal_extent: period,
		crs: text(card.crs),
		sensors: list(card.sensors),
		gsd: card.gsd.trim() === '' ? null : Number(card.gsd)
	};
}
