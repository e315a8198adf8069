
export{t as component}from"../chunks/D4S4X8rR.js";