/** HTML of notebooks, made safe in the browser: Markdown cells and HTML outputs. Nothing in it runs or leaves the page. */
import createPurifier, { type Config, type DOMPurify } from 'dompurify';
import { Marked } from 'marked';

/** What outputs may consist of: text, tables, lists and pictures. */
const TAGS =
	'a abbr b blockquote br caption center cite code col colgroup dd del details dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr tt u ul var'.split(
		' '
	);
const ATTRIBUTES = [
	'alt',
	'align',
	'colspan',
	'rowspan',
	'href',
	'src',
	'title',
	'start',
	'width',
	'height',
	'open',
	'data-math-style'
];

const SETTINGS: Config = {
	ALLOWED_TAGS: TAGS,
	ALLOWED_ATTR: ATTRIBUTES,
	// Only addresses are held against the pattern of addresses.
	ADD_URI_SAFE_ATTR: ATTRIBUTES.filter((name) => name !== 'href' && name !== 'src'),
	ALLOW_ARIA_ATTR: false,
	ALLOW_DATA_ATTR: false,
	ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|#|data:image\/(?:png|jpeg|gif|webp|avif|svg\+xml)[;,]|\/api\/)/i,
	FORBID_CONTENTS: [
		'style',
		'script',
		'iframe',
		'object',
		'embed',
		'form',
		'template',
		'noscript',
		'svg',
		'math'
	],
	SANITIZE_NAMED_PROPS: true
};

/** How addresses inside a notebook lead to files of its repository. */
export interface NotebookAddresses {
	/** Where the browser loads a picture; nothing for one that is not shown. */
	picture: (address: string) => string | undefined;
	/** Where a relative link leads; nothing when it leads nowhere. */
	link: (address: string) => string | undefined;
}

let purifier: DOMPurify | undefined;

/** HTML with all that could run, load, cover or submit something left out. */
export function safeHtml(html: string, addresses: NotebookAddresses): string {
	purifier ??= createPurifier(window);
	purifier.removeAllHooks();
	purifier.addHook('uponSanitizeAttribute', (_, attribute) => {
		if (attribute.attrName === 'src') {
			attribute.attrValue = addresses.picture(attribute.attrValue) ?? '';
		} else if (attribute.attrName === 'href' && !/^(?:https?:|mailto:|#)/i.test(attribute.attrValue.trim())) {
			attribute.attrValue = addresses.link(attribute.attrValue.trim()) ?? '';
		}
		if (attribute.attrValue === '') attribute.keepAttr = false;
	});
	purifier.addHook('afterSanitizeAttributes', (element) => {
		if (element.tagName === 'A') element.setAttribute('rel', 'nofollow noopener');
		if (element.tagName === 'TABLE') element.setAttribute('tabindex', '0');
		if (element.tagName === 'IMG' && !element.hasAttribute('alt')) element.setAttribute('alt', '');
	});
	return purifier.sanitize(html, SETTINGS);
}

const marked = new Marked({ gfm: true, async: false });

/** A formula of a text: `$…$` on one line, `$$…$$` over several. */
const FORMULA = /\$\$([\s\S]+?)\$\$|(?<![\\$\w])\$(?!\s)([^$\n]+?)(?<![\s\\])\$(?![\d$])/g;

/** Markdown of a cell as safe HTML. Formulas become the elements that the hub's own renderer writes. */
export function markdownHtml(text: string, addresses: NotebookAddresses): string {
	const formulas: string[] = [];
	// Markdown must not see formulas: it would take their underscores for emphasis.
	const held = outsideCode(text, (part) =>
		part.replace(FORMULA, (_, display?: string, inline?: string) => {
			const style = display === undefined ? 'inline' : 'display';
			formulas.push(`<span data-math-style="${style}">${escaped(display ?? inline ?? '')}</span>`);
			return `\uE000${formulas.length - 1}\uE001`;
		})
	);
	const html = marked.parse(held) as string;
	return safeHtml(
		html.replace(/\uE000(\d+)\uE001/g, (_, place: string) => formulas[Number(place)] ?? ''),
		addresses
	);
}

/** Changes the parts of Markdown that are no code. */
function outsideCode(text: string, change: (part: string) => string): string {
	return text
		.split(/(```[\s\S]*?(?:```|$)|~~~[\s\S]*?(?:~~~|$)|`[^`\n]*`)/)
		.map((part, place) => (place % 2 === 0 ? change(part.replace(/[\uE000\uE001]/g, '')) : part))
		.join('');
}

function escaped(text: string): string {
	return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
