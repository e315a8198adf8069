
export{l as component,dt as universal}from"../chunks/DCirDk-J.js";