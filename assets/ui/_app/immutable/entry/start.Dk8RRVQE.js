
export{Et as load_css,Tt as start}from"../chunks/DLMH5tRg.js";