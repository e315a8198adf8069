import type { Schema } from '$lib/api/client';

type Suggestion = Pick<Schema<'SuggestionView'>, 'kind' | 'text'>;

/** Names are written with hyphens and small letters where titles have spaces and capitals. */
const folded = (text: string) => text.toLowerCase().replace(/[-_.\s]+/g, '');

/** Suggestions without titles that only repeat the name of a repository among them. */
export function withoutEchoes<T extends Suggestion>(suggestions: T[]): T[] {
	const names = new Set(
		suggestions
			.filter(({ kind }) => kind === 'repository')
			.map(({ text }) => folded(text.slice(text.indexOf('/') + 1)))
	);
	return suggestions.filter(({ kind, text }) => kind !== 'title' || !names.has(folded(text)));
}
