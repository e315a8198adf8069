
export{t as component}from"../chunks/DtMowccc.js";