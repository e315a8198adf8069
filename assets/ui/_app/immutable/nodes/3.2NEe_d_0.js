
export{t as component}from"../chunks/z2gzETXt.js";