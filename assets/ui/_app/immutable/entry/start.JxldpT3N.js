
export{Et as load_css,Tt as start}from"../chunks/y7si1XhB.js";