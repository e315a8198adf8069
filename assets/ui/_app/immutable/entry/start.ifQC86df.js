
export{Dt as load_css,Et as start}from"../chunks/D4S4X8rR.js";