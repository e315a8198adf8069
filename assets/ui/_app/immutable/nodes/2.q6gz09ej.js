
export{_ as component}from"../chunks/DtMowccc.js";