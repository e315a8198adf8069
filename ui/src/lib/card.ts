import { searchAddress } from '$lib/addresses';
import { formatCount } from '$lib/format';
import type { Schema } from '$lib/api/client';
import type { Fact } from '$lib/components/repository/FactList.svelte';
import { licenceName } from '$lib/licences';
import { m } from '$messages';
import { getLocale } from '$paraglide/runtime';

type Card = Schema<'CardView'>;
type Values = Fact['values'];

/** The facts of a card in the order of the panel; what it does not say is left out. */
export function factsOf(card: Card): Fact[] {
	const facts: Fact[] = [
		{ term: m.repository_fact_license(), values: licences(card.license) },
		{ term: m.repository_fact_task(), values: found('task', card.task) },
		{ term: m.repository_fact_framework(), values: found('framework', card.framework) },
		{ term: m.repository_fact_library(), values: library(card) },
		{ term: m.repository_fact_base_model(), values: named(card.base_model) },
		{ term: m.repository_fact_datasets(), values: named(card.datasets) },
		{ term: m.repository_fact_metrics(), values: plain(card.metrics) },
		{ term: m.repository_fact_languages(), values: plain(card.language.map(languageName)) }
	];
	return facts.filter((fact) => fact.values.length > 0);
}

/** What a card says about where, when and how it was measured. */
export function coverageOf(card: Card): Fact[] {
	const span = card.temporal_extent;
	const facts: Fact[] = [
		{ term: m.repository_fact_time(), values: span ? plain([timeSpan(span)]) : [] },
		{ term: m.repository_fact_crs(), values: plain(card.crs ? [card.crs] : []) },
		{ term: m.repository_fact_resolution(), values: card.gsd ? plain([groundDistance(card.gsd)]) : [] },
		{ term: m.repository_fact_sensors(), values: plain(card.sensors) }
	];
	return facts.filter((fact) => fact.values.length > 0);
}

function plain(values: string[]): Values {
	return values.map((text) => ({ text }));
}

function found(facet: string, values: string[]): Values {
	return values.map((text) => ({ text, href: searchAddress({ [facet]: text }) }));
}

function licences(names: string[]): Values {
	return found('license', names).map((one) => ({ ...one, text: licenceName(one.text) }));
}

/** A framework is a library, too; it is not told twice. */
function library(card: Card): Values {
	const name = card.library_name;
	const known = card.framework.map((framework) => framework.toLowerCase());
	return name && !known.includes(name.toLowerCase()) ? found('library', [name]) : [];
}

/** A name leads to the search, for a card may name what this hub does not have; an address leads there. */
function named(values: string[]): Values {
	return values.map((text) => ({
		text,
		href: /^https?:\/\//.test(text) ? text : searchAddress({ q: text })
	}));
}

/** The browser's table of languages takes a slow machine 50 ms to open, so the hub's own two are not looked up in it. */
function languageName(code: string): string {
	if (code === 'en') return m.language_english();
	if (code === 'zh') return m.language_chinese();
	try {
		return new Intl.DisplayNames(getLocale(), { type: 'language' }).of(code) ?? code;
	} catch {
		return code;
	}
}

/** A span with an open end: `1990 – …`. */
export function timeSpan(span: { start?: string | null; end?: string | null }): string {
	return `${span.start ?? '…'} – ${span.end ?? '…'}`;
}

/** Ground distance in the unit in which it is read: `30 cm`, `10 m`, `9 km`. */
export function groundDistance(metres: number): string {
	// Four digits that say something, without the browser's tables, which take a slow machine 50 ms to look up.
	const figure = (value: number) => formatCount(Number(value.toPrecision(4)));
	if (metres >= 1000) return `${figure(metres / 1000)} km`;
	return metres < 1 ? `${figure(metres * 100)} cm` : `${figure(metres)} m`;
}
