
import{t as e}from"./C3V14j_G.js";import{t}from"./CIQLVX9p.js";var n=class extends t{decodeBlock(t){return e(new Uint8Array(t)).buffer}};export{n as default};