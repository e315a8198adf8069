import type { RepositoryKey } from '$lib/addresses';
import type { FileContent } from '$lib/file-content';
import type { FileView } from '$lib/file-kinds';
import type { Component } from 'svelte';

/** What every view of a file is given. */
export interface ViewProps {
	content: FileContent;
	repository: RepositoryKey;
	/** The revision in the page's address, for links to other files. */
	revision: string;
}

/** The views, each fetched when a file first needs it. */
export const views: Record<Exclude<FileView, 'facts'>, () => Promise<{ default: Component<ViewProps> }>> = {
	code: () => import('./CodeView.svelte'),
	markdown: () => import('./MarkdownView.svelte'),
	image: () => import('./ImageView.svelte'),
	audio: () => import('./MediaView.svelte'),
	video: () => import('./MediaView.svelte'),
	pdf: () => import('./PdfView.svelte'),
	table: () => import('./TableView.svelte'),
	json: () => import('./JsonView.svelte'),
	notebook: () => import('./NotebookView.svelte'),
	safetensors: () => import('./SafetensorsView.svelte'),
	gguf: () => import('./GgufView.svelte'),
	geotiff: () => import('./GeoTiffView.svelte'),
	arrays: () => import('./ArraysView.svelte'),
	numpy: () => import('./NumpyView.svelte'),
	parquet: () => import('./ParquetView.svelte'),
	archive: () => import('./ArchiveView.svelte')
};
