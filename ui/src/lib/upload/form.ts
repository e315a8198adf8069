/** The one form that commits an upload: texts, then files whose names are their paths. */

export interface FormFile {
	path: string;
	content: Blob;
}

/** RFC 8187, so that every letter of a path arrives as it is, quotes included. */
function extended(text: string): string {
	const escape = (letter: string) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
	return `UTF-8''${encodeURIComponent(text).replace(/['()*]/g, escape)}`;
}

/** A multipart body that reads files from the disk only while it is sent, and its media type. */
export function formBody(
	fields: [name: string, value: string][],
	files: FormFile[]
): { body: Blob; type: string } {
	const boundary = `geoml-${[...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(36)).join('')}`;
	const parts: BlobPart[] = [];
	for (const [name, value] of fields) {
		parts.push(`--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`);
	}
	for (const { path, content } of files) {
		const disposition = `form-data; name="files"; filename="file"; filename*=${extended(path)}`;
		parts.push(`--${boundary}\r\ncontent-disposition: ${disposition}\r\n\r\n`, content, '\r\n');
	}
	parts.push(`--${boundary}--\r\n`);
	return { body: new Blob(parts), type: `multipart/form-data; boundary=${boundary}` };
}
