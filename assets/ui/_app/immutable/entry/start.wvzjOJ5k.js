
export{Dt as load_css,Et as start}from"../chunks/CAtgRi7e.js";