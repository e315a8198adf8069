
export{Dt as load_css,Et as start}from"../chunks/C7uX5irJ.js";