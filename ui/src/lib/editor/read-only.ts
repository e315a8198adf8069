/** CodeMirror as a reader: line numbers, folding, search, colours, lines that an address can name. */
import { defaultKeymap } from '@codemirror/commands';
import { foldKeymap, LanguageSupport, syntaxHighlighting } from '@codemirror/language';
import { openSearchPanel, search, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState, StateEffect, StateField, type Extension } from '@codemirror/state';
import {
	Decoration,
	drawSelection,
	EditorView,
	keymap,
	lineNumbers,
	type DecorationSet
} from '@codemirror/view';
import { languageOfFile } from '$lib/highlight/languages';
import { palette } from '$lib/highlight/palette';
import '$lib/highlight/highlight.css';
import { folding } from './folding';
import type { Lines } from './lines';
import { look } from './look';

export interface ReaderOptions {
	text: string;
	fileName: string;
	/** Name of the region for screen readers. */
	label: string;
	wraps: boolean;
	/** The editor's words in the reader's language. */
	phrases: Record<string, string>;
	/** Called when the reader presses a line number; `extends` with Shift. */
	onLine: (line: number, isExtending: boolean) => void;
}

const showLines = StateEffect.define<Lines | undefined>();
const markedLine = Decoration.line({ class: 'cm-marked' });

const marked = StateField.define<DecorationSet>({
	create: () => Decoration.none,
	update(value, transaction) {
		for (const effect of transaction.effects) {
			if (effect.is(showLines)) return decorationsOf(transaction.state, effect.value);
		}
		return value;
	},
	provide: (field) => EditorView.decorations.from(field)
});

function decorationsOf(state: EditorState, lines: Lines | undefined): DecorationSet {
	if (lines === undefined) return Decoration.none;
	const last = Math.min(lines.to, state.doc.lines);
	const ranges = [];
	for (let line = lines.from; line <= last; line += 1)
		ranges.push(markedLine.range(state.doc.line(line).from));
	return Decoration.set(ranges);
}

/** A reader in a page. */
export class Reader {
	readonly #view: EditorView;
	readonly #wrapping = new Compartment();
	readonly #language = new Compartment();

	constructor(parent: HTMLElement, options: ReaderOptions) {
		const extensions = [
			lineNumbers({ domEventHandlers: { mousedown: pressLine(options.onLine) } }),
			folding(options.phrases),
			drawSelection(),
			marked,
			search({ top: true }),
			keymap.of([...searchKeymap, ...foldKeymap, ...defaultKeymap]),
			syntaxHighlighting(palette),
			EditorState.readOnly.of(true),
			EditorView.editable.of(false),
			EditorView.contentAttributes.of({
				tabindex: '0',
				'aria-label': options.label,
				'aria-readonly': 'true'
			}),
			EditorState.phrases.of(options.phrases),
			this.#wrapping.of(options.wraps ? EditorView.lineWrapping : []),
			this.#language.of([]),
			look
		];
		this.#view = new EditorView({ parent, doc: options.text, extensions });
		void this.#colour(options.fileName);
	}

	async #colour(fileName: string): Promise<void> {
		try {
			const support: Extension | undefined = await languageOfFile(fileName)?.load();
			if (support instanceof LanguageSupport) {
				this.#view.dispatch({ effects: this.#language.reconfigure(support) });
			}
		} catch {
			// Without colours it is still readable.
		}
	}

	wrap(wraps: boolean): void {
		this.#view.dispatch({ effects: this.#wrapping.reconfigure(wraps ? EditorView.lineWrapping : []) });
	}

	openSearch(): void {
		openSearchPanel(this.#view);
	}

	/** Marks lines; `goes` brings the first of them into sight. */
	mark(lines: Lines | undefined, goes: boolean): void {
		const effects: StateEffect<unknown>[] = [showLines.of(lines)];
		const { doc } = this.#view.state;
		if (lines !== undefined && goes && lines.from <= doc.lines) {
			effects.push(EditorView.scrollIntoView(doc.line(lines.from).from, { y: 'center' }));
		}
		this.#view.dispatch({ effects });
	}

	/** The lines in which the selection, or the cursor, stands. */
	selectedLines(): Lines {
		const { from, to } = this.#view.state.selection.main;
		const { doc } = this.#view.state;
		return { from: doc.lineAt(from).number, to: doc.lineAt(to).number };
	}

	destroy(): void {
		this.#view.destroy();
	}
}

function pressLine(onLine: ReaderOptions['onLine']) {
	return (view: EditorView, block: { from: number }, event: Event): boolean => {
		const pressed = event as MouseEvent;
		if (pressed.button !== 0) return false;
		onLine(view.state.doc.lineAt(block.from).number, pressed.shiftKey);
		pressed.preventDefault();
		return true;
	};
}
