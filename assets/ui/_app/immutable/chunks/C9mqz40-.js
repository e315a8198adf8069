
import{t as e}from"./CIQLVX9p.js";var t=class extends e{decodeBlock(e){return e}};export{t as default};