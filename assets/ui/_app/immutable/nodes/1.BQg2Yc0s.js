
export{t as component}from"../chunks/DCirDk-J.js";